# Words of two sources.
INSERT DATA { translation:plan-2018-coop elp:source source:page-2019 }
