# Announced, and the rules did not mark it as planned.
# after the rules
DELETE DATA { event:workshop-2020 a elp:PlannedActivity }
