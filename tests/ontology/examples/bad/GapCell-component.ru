# A gap cell of no component.
# after the rules
DELETE DATA { gap:derived-CL-corruption-police elp:component component:police }
