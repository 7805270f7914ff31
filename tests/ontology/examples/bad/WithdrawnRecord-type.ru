# A renamed record that is something else as well.
INSERT DATA { country:UK a skos:Collection }
