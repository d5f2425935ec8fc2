"""Files and arrays: media, clips, the dataset folder, splits and training segments."""
