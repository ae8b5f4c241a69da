"""Messages of the business: outbox, first contact, templates, quiet hours, schedule, reminders."""
