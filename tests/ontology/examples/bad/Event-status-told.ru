# Announced by a page of 2019, shown as reported in 2020.
DELETE WHERE { event:workshop-2020 elp:status ?value } ;
INSERT DATA { event:workshop-2020 elp:status concept:reported }
