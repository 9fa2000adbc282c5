"""Minutes of mixed visitors and trouble on each server that runs Flask applications."""
