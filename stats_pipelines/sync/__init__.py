"""The sync: what listeners played recently, asked of Spotify's Web API."""
