"""What is measured of a tract in a recording: areas, constrictions, formants, and how sure they are."""
