"""La campagne : le même travail sur beaucoup de territoires, que rien n'arrête et qui reprend où elle en était."""
