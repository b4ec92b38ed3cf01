"""Les noyaux des carnets : un processus préchauffé d'où chaque carnet reçoit un noyau neuf."""
