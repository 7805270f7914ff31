# The address of the web page, not of the place.
DELETE WHERE { country:PE elp:capitalGeonames ?value } ;
INSERT DATA { country:PE elp:capitalGeonames <https://www.geonames.org/3936456> }
