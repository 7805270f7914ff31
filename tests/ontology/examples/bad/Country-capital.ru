# Two capitals.
INSERT DATA { country:PE elp:capital "Cusco" }
