"""Operations of the console: what runs, what fails, what may be sent, who did what."""
