# A status of events.
DELETE WHERE { membership:ameripol-PE elp:status ?value } ;
INSERT DATA { membership:ameripol-PE elp:status concept:done }
