# A meeting that took place, called planned.
INSERT DATA { event:meeting-2019 a elp:PlannedActivity }
