# A quote of more than 300 characters.
INSERT DATA { evidence:event-workshop-2017-plan-2018 elp:quote
  "le premier atelier s’est déroulé en octobre ; le premier atelier s’est déroulé en octobre ; le premier atelier s’est déroulé en octobre ; le premier atelier s’est déroulé en octobre ; le premier atelier s’est déroulé en octobre ; le premier atelier s’est déroulé en octobre ; le premier atelier s’est déroulé en octobre ;"@fr }
