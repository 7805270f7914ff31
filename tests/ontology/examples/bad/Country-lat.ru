# A latitude beyond the pole.
DELETE WHERE { country:PE geo:lat ?value } ;
INSERT DATA { country:PE geo:lat 120.4318 }
