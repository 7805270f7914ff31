"""Hostile: queries of people who mean harm, or know no better, by what they try."""

DEEP = 200
HOSTILE = {
    "product of two": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f }",
    "product of three": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
    "product that is never true": "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c < ?f && ?f < ?i && ?i < ?c) }",
    "product in an ASK": "ASK { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c < ?f && ?f < ?i && ?i < ?c) }",
    "product in a CONSTRUCT": "CONSTRUCT { ?a ?e ?i } { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
    "product of two in order": "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?c ?f",
    "product of two, each once": "SELECT DISTINCT ?a ?f { ?a ?b ?c . ?d ?e ?f }",
    "product in groups": "SELECT ?a ?f (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f } GROUP BY ?a ?f",
    "product joined to one text": "SELECT (GROUP_CONCAT(STR(?c)) AS ?n) { ?a ?b ?c . ?d ?e ?f }",
    "any path": "SELECT (COUNT(*) AS ?n) { ?a (!<urn:x>)* ?b }",
    "any path both ways": "SELECT (COUNT(*) AS ?n) { ?a (!<urn:x>|!^<urn:x>)+ ?b }",
    "path of paths": "SELECT (COUNT(*) AS ?n) { ?a ((!<urn:x>)*/(!^<urn:x>)*)* ?b }",
    "path from everywhere": "SELECT * { ?a ?p ?b . ?b (!<urn:x>|!^<urn:x>)* ?c }",
    "long expression": 'SELECT * { ?s ?p ?o FILTER(REGEX(STR(?o), "(a?){40}a{40}")) }',
    "expression over a product": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f "
    'FILTER(REGEX(STR(?c), CONCAT(STR(?f), ".*"))) }',
    "expression that grows": 'SELECT * { ?s ?p ?o FILTER(REGEX(STR(?o), "((((((a{50}){50}){50}){50}){50}){50})")) }',
    "text that doubles": 'SELECT (STRLEN(?x30) AS ?n) { BIND("0123456789" AS ?x0) '
    + " ".join(f"BIND(CONCAT(?x{n}, ?x{n}) AS ?x{n + 1})" for n in range(30))
    + " }",
    "replaced all over": 'SELECT (SUM(STRLEN(REPLACE(STR(?c), ".", STR(?f)))) AS ?n) { ?a ?b ?c . ?d ?e ?f }',
    "hashes of a product": "SELECT (MAX(SHA512(CONCAT(STR(?c), STR(?f)))) AS ?n) { ?a ?b ?c . ?d ?e ?f }",
    "optional in optional": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c OPTIONAL { ?d ?e ?f OPTIONAL { ?g ?h ?i } } }",
    "minus of products": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f MINUS { ?a ?h ?i . ?j ?k ?f } }",
    "exists in a product": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f FILTER NOT EXISTS { ?a ?e ?i . ?i ?j ?f } }",
    "union of products": " ".join(["SELECT (COUNT(*) AS ?n) {", " UNION ".join(["{ ?a ?b ?c . ?d ?e ?f }"] * 50), "}"]),
    "values times values": "SELECT (COUNT(*) AS ?n) { "
    + " ".join(f"VALUES ?v{n} {{ {' '.join(map(str, range(100)))} }}" for n in range(6))
    + " }",
    "brackets in brackets": f"SELECT * {{ ?s ?p ?o FILTER({'(' * DEEP}?o{')' * DEEP}) }}",
    "chain of patterns": f"SELECT (COUNT(*) AS ?n) {{ {' '.join(f'?v{n} ?p{n} ?v{n + 1} .' for n in range(100))} }}",
    "everything of everything": "DESCRIBE ?a { ?a ?b ?c . ?d ?e ?f }",
    "asks elsewhere": "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
}
