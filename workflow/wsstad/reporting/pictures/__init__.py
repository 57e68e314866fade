"""Pictures of a decision: boxes on frames, crops, clips, timelines."""
