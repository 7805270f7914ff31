# A misspelt property.
INSERT DATA { mandate:cl-policia-cybercrime elp:hollder institution:cl-policia }
