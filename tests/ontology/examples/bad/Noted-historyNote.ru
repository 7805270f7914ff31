# A text without a language.
INSERT DATA { institution:cl-policia skos:historyNote "Founded in 1933." }
