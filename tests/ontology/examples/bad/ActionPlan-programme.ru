# A plan of no programme.
DELETE DATA { plan:plan-2018 elp:programme programme:coop }
