# Two cities.
INSERT DATA { event:workshop-2017 elp:city "Lima" }
