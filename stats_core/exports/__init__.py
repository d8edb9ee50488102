"""Reading Spotify's export files: recognise them by content, parse them, account for every row."""
