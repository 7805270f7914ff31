# A word instead of true or false.
DELETE WHERE { country:PE elp:beneficiary ?value } ;
INSERT DATA { country:PE elp:beneficiary "yes" }
