"""En-têtes exacts des bases infra-communales du recensement, millésimes 2016 et 2022."""

from __future__ import annotations

GEO_2016 = [
    "IRIS",
    "REG",
    "DEP",
    "UU2010",
    "COM",
    "LIBCOM",
    "TRIRIS",
    "GRD_QUART",
    "LIBIRIS",
    "TYP_IRIS",
    "MODIF_IRIS",
    "LAB_IRIS",
]
GEO_2022 = ["IRIS", "COM", "TYP_IRIS", "LAB_IRIS"]
GSEC = ("11_21", "12_22", "13_23", "14_24", "15_25", "16_26", "32", "40")
# Dans les communes de métropole ces colonnes, propres à l'outre-mer, restent vides.
OUTRE_MER = ["ELEC", "EAUCH", "BDWC", "CHOS", "CLIM", "TTEGOU", "HABFOR", "CASE", "MIBOIS", "MIDUR"]


def _categories(racine: str, annee: int, nombre: int, *, court: bool = False) -> list[str]:
    """Nommer un total et ses catégories, dont la nomenclature change en 2022."""
    if annee == 2016:
        return [racine, *(f"{racine}_CS{k}" for k in range(1, nombre + 1))]
    codes = [c[:2] for c in GSEC[:nombre]] if court else GSEC[:nombre]
    return [racine, *(f"{racine}_STAT_GSEC{c}" for c in codes)]


def _avec(racines: str, suffixes: str) -> list[str]:
    """Composer des noms : chaque racine avec chaque suffixe, dans cet ordre."""
    return [racine + suffixe for racine in racines.split() for suffixe in suffixes.split()]


def _population(annee: int) -> list[str]:
    fins = "0002 0305 0610 1117 1824 2539 4054 5564 6579 80P"
    larges = "0014 1529 3044 4559 6074 75P 0019 2064 65P"
    noms = ["P_POP", *_avec("P_POP", f"{fins} {larges}")]
    for sexe in "HF":
        noms += [f"P_POP{sexe}", *_avec(f"P_{sexe}", larges)]
    for racine in ("C_POP15P", "C_H15P", "C_F15P"):
        noms += _categories(racine, annee, 8)
    return [*noms, "P_POP_FR", "P_POP_ETR", "P_POP_IMM", "P_PMEN", "P_PHORMEN"]


def _menages(annee: int) -> list[str]:
    types = "MENPSEUL MENHSEUL MENFSEUL MENSFAM MENFAM MENCOUPSENF MENCOUPAENF MENFAMMONO"
    ages = "15P 1524 2554 5579 80P"
    noms = ["C_MEN", *_avec("C_", types), "C_PMEN", *_avec("C_PMEN_", types)]
    noms += [*_avec("P_POP P_POPMEN", ages), *(f"P_POP{a}_PSEUL" for a in ages.split())]
    situations = "MARIEE NONMARIEE"
    if annee == 2022:
        situations = "MARIEE PACSEE CONCUB_UNION_LIBRE VEUFS DIVORCEE CELIBATAIRE"
    noms += _avec("P_POP15P_", situations)
    noms += [*_categories("C_MEN", annee, 8)[1:], *_categories("C_PMEN", annee, 8)[1:]]
    return noms + _avec("C_", "FAM COUPAENF FAMMONO COUPSENF NE24F0 NE24F1 NE24F2 NE24F3 NE24F4P")


def _logement(annee: int) -> list[str]:
    noms = _avec("P_", "LOG RP RSECOCC LOGVAC MAISON APPART")
    noms += _avec("P_RP_", "1P 2P 3P 4P 5PP")
    noms += _avec("P_", "NBPI_RP RPMAISON NBPI_RPMAISON RPAPPART NBPI_RPAPPART")
    noms += _avec("P_RP_", "M30M2 3040M2 4060M2 6080M2 80100M2 100120M2 120M2P")
    if annee == 2022:
        noms += _avec("C_RP_", "NORME SOUSOCC_MOD SOUSOCC_ACC SOUSOCC_TACC SUROCC_MOD SUROCC_ACC")
        periodes, arrivees = "ACHTOT ACH1919 ACH1945 ACH1970 ACH1990 ACH2005 ACH2019", "1019 2029 30P"
    else:
        periodes, arrivees = "ACHTOT ACH19 ACH45 ACH70 ACH90 ACH05 ACH13", ""
    noms += _avec("P_RP_ P_RPMAISON_ P_RPAPPART_", periodes)
    debut = "0002 0204 0509 10P"
    noms += ["P_MEN", *_avec("P_MEN_ANEM", f"{debut} {arrivees}")]
    noms += ["P_PMEN", *_avec("P_PMEN_ANEM", debut), *_avec("P_NBPI_RP_ANEM", debut)]
    noms += _avec("P_RP_", "PROP LOC LOCHLMV GRAT")
    for racine in ("P_NPER_RP", "P_ANEM_RP"):
        noms += [racine, *_avec(f"{racine}_", "PROP LOC LOCHLMV GRAT")]
    noms += _avec("P_RP_", "SDB" if annee == 2022 else "SDB CCCOLL CCIND CINDELEC")
    noms += _avec("P_RP_", " ".join(OUTRE_MER[:6]))
    if annee == 2022:
        noms += _avec("P_RP_", "CGAZV CFIOUL CELEC CGAZB CAUT")
    noms += _avec("P_RP_", "GARL VOIT1P VOIT1 VOIT2P")
    # 101 colonnes selon une seule source publique : nous supposons retirés les matériaux d'outre-mer.
    return noms if annee == 2022 else noms + _avec("P_RP_", " ".join(OUTRE_MER[6:]))


def _activite(annee: int) -> list[str]:
    ages = "1564 1524 2554 5564"
    noms = _avec("P_POP P_H P_F P_ACT P_HACT P_FACT P_ACTOCC P_HACTOCC P_FACTOCC P_CHOM", ages)
    if annee == 2016:
        noms += ["P_HCHOM1564", "P_FCHOM1564"]
    else:
        noms += _avec("P_ACT_ P_CHOM_", "DIPLMIN BEPC CAPBEP BAC SUP2 SUP34 SUP5")
    for statut in ("INACT", "ETUD", "RETR", "AINACT"):
        noms += [f"P_{sexe}{statut}1564" for sexe in ("", "H", "F")]
    noms += [*_categories("C_ACT1564", annee, 6), *_categories("C_ACTOCC1564", annee, 6, court=True)]
    noms += _avec("P_", "ACTOCC15P HACTOCC15P FACTOCC15P SAL15P HSAL15P FSAL15P NSAL15P HNSAL15P FNSAL15P")
    noms += _avec("P_", "ACTOCC15P_TP SAL15P_TP HSAL15P_TP FSAL15P_TP NSAL15P_TP")
    noms += _avec("P_SAL15P_", "CDI CDD INTERIM EMPAID APPR") + _avec("P_NSAL15P_", "INDEP EMPLOY AIDFAM")
    noms += _avec("P_ACTOCC15P_", "ILT1 ILT2P ILT2 ILT3 ILT4 ILT5")
    modes = "PAS MAR DROU VOIT TCOM" if annee == 2016 else "PAS MAR VELO 2ROUESMOT VOIT TCOM"
    return [*noms, "C_ACTOCC15P", *_avec("C_ACTOCC15P_", modes)]


def _diplomes(annee: int) -> list[str]:
    ages = "0205 0610 1114 1517 1824 2529 30P"
    niveaux = "DIPLMIN CAPBEP BAC SUP" if annee == 2016 else "DIPLMIN BEPC CAPBEP BAC SUP2 SUP34 SUP5"
    noms = _avec("P_POP P_SCOL", ages)
    for racine in ("P_NSCOL15P", "P_HNSCOL15P", "P_FNSCOL15P"):
        noms += [racine, *_avec(f"{racine}_", niveaux)]
    return noms


_THEMES = {
    "evol-struct-pop": _population,
    "couples-familles-menages": _menages,
    "logement": _logement,
    "activite-residents": _activite,
    "diplomes-formation": _diplomes,
}
THEMES = tuple(_THEMES)


def variables(theme: str, annee: int) -> list[str]:
    """Donner les colonnes de données d'un fichier, sans préfixe d'année."""
    return _THEMES[theme](annee)


def avec_annee(variable: str, annee: int) -> str:
    """Remettre l'année dans un nom de variable, comme l'écrit le producteur."""
    return f"{variable[0]}{annee % 100:02d}{variable[1:]}"


def ancien_nom(variable: str) -> str:
    """Ramener un nom de 2022 à celui que produit la fabrique."""
    if "_STAT_GSEC" not in variable:
        return variable
    racine, code = variable.split("_STAT_GSEC")
    rang = next(i for i, complet in enumerate(GSEC, start=1) if complet.split("_")[0] == code.split("_")[0])
    return f"{racine}_CS{rang}"
