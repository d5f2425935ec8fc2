"""The tract in millimeters: a grid across the airway, walls, midline, areas, constrictions."""
