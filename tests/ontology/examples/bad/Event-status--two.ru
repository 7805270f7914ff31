# Announced and done at once, and so planned and done at once.
# also: PlannedActivity-status
INSERT DATA { event:workshop-2017 elp:status concept:announced }
