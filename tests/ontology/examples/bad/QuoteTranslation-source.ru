# Words of no source.
DELETE DATA { translation:plan-2018-coop elp:source source:plan-2018 }
