# Done, but in nobody's words.
DELETE { ?evidence elp:quote ?quote }
WHERE { event:workshop-2017 elp:evidence ?evidence . ?evidence elp:quote ?quote }
