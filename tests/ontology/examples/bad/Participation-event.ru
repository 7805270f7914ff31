# Taking part in two events at once.
INSERT DATA { participation:workshop-2017-CL elp:event event:meeting-2019 }
