# A status of memberships.
DELETE WHERE { event:meeting-2019 elp:status ?value } ;
INSERT DATA { event:meeting-2019 elp:status concept:member }
