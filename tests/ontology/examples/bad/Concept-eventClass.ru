# A property stands where the class should.
DELETE WHERE { concept:meeting elp:eventClass ?value } ;
INSERT DATA { concept:meeting elp:eventClass elp:holder }
