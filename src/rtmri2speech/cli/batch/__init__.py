"""What commands of many recordings share: where their work is done, and what is said of each."""
