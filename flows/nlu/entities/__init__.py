"""Recognition of entities other than days and times: amounts, phone numbers, codes."""
