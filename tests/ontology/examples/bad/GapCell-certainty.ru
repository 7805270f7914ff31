# A gap cell that claims to be checked.
# after the rules
DELETE WHERE { gap:derived-CL-corruption-police elp:certainty ?value } ;
INSERT DATA { gap:derived-CL-corruption-police elp:certainty concept:checked }
