# An acronym with a language tag.
DELETE DATA { institution:pe-fiscalia elp:acronym "MP" } ;
INSERT DATA { institution:pe-fiscalia elp:acronym "MP"@es }
