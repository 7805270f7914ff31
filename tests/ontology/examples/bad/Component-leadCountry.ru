# An organisation leads the component.
DELETE WHERE { component:police elp:leadCountry ?value } ;
INSERT DATA { component:police elp:leadCountry organisation:ameripol }
