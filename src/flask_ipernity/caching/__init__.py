"""The results of API calls: kept, and pauses in which none is made."""
