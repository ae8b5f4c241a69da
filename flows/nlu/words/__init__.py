"""Words of a language: their classes, stems, patterns and similarity."""
