"""`abs typologie` et `abs pairs` : ce qui est écrit, ce qui est relu, ce qui est refusé."""

import sys

import frictionless
import pytest

from carnets.commande.application import principale


@pytest.fixture(scope="module")
def abs_demo(base_demo):
    """Lancer la commande ici même : des imports lents ne se paient qu'une fois."""

    def lancer(*arguments):
        with pytest.MonkeyPatch.context() as ici:
            ici.setenv("ABS_DONNEES", str(base_demo.dossier))
            ici.setattr(sys, "argv", ["abs", *map(str, arguments)])
            with pytest.raises(SystemExit) as fin:
                principale()
        return fin.value.code or 0

    return lancer


@pytest.fixture(scope="module")
def sortie(abs_demo, tmp_path_factory):
    dossier = tmp_path_factory.mktemp("typologie")
    assert abs_demo("typologie", "apprendre", "99001", "--millesime", "2016", "--sortie", dossier) == 0
    return dossier


def test_apprendre_ecrit_tables_fiches_carte_et_noms(sortie):
    ecrit = sortie / "typologie-99001-2016"
    assert sorted(p.name for p in ecrit.iterdir()) == [
        "carte.png",
        "classes.csv",
        "classes.csvt",
        "datapackage.json",
        "fiches.md",
        "iris.csv",
        "iris.csvt",
        "modele.json",
        "noms.toml",
        "preuve",
        "quartiers.csv",
        "quartiers.csvt",
    ]
    paquet = frictionless.Package(str(ecrit / "datapackage.json"))
    assert all(c.description for r in paquet.resources for c in r.schema.fields)
    assert paquet.validate().flatten(["type", "note"]) == []
    assert not [p for p in sortie.iterdir() if p.name.startswith(".")]
    lignes = (ecrit / "iris.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lignes[0].startswith("code;nom;type;population;classe;etat")
    assert all(ligne.startswith("99001") for ligne in lignes[1:])


def test_un_nom_confirme_reste_et_les_classes_se_reportent(sortie, abs_demo, capsys):
    ecrit = sortie / "typologie-99001-2016"
    avant = (ecrit / "modele.json").read_text(encoding="utf-8")
    noms = (ecrit / "noms.toml").read_text(encoding="utf-8")
    (ecrit / "noms.toml").write_text(
        noms.replace('confirme = ""', 'confirme = "Rive gauche"', 1), encoding="utf-8"
    )
    assert abs_demo("typologie", "apprendre", "99001", "--millesime", "2016", "--sortie", sortie) == 0
    dit = capsys.readouterr().out
    assert "Rive gauche" in dit
    assert "essai, à ne pas publier" in dit
    assert 'confirme = "Rive gauche"' in (ecrit / "noms.toml").read_text(encoding="utf-8")
    assert (ecrit / "modele.json").read_text(encoding="utf-8") == avant
    options = ("--modele", ecrit / "modele.json", "--millesime", "2016", "--sortie", sortie)
    assert abs_demo("typologie", "appliquer", "99001", *options) == 0
    assert "même classe" in capsys.readouterr().out
    assert "Rive gauche" in (sortie / "typologie-99001-report-2016" / "iris.csv").read_text("utf-8-sig")


@pytest.mark.parametrize(
    ("arguments", "attendu"),
    [
        (("typologie", "apprendre", "Nulle-Part"), "n'est dans aucune"),
        (("typologie", "appliquer", "99001", "--modele", "absent.json"), "ne se lit pas"),
        (("pairs", "99001", "--question", "bonheur"), "n'existe pas"),
    ],
)
def test_une_demande_fautive_donne_une_phrase(arguments, attendu, abs_demo, capsys):
    assert abs_demo(*arguments) == 1
    dit = capsys.readouterr()
    assert dit.err.startswith("Erreur : ")
    assert attendu in dit.err


def test_pairs_liste_ses_questions_puis_repond(abs_demo, tmp_path, capsys):
    assert abs_demo("pairs", "99001") == 0
    assert "logement" in capsys.readouterr().out
    assert abs_demo("pairs", "990010101", "--question", "logement", "--sortie", tmp_path) == 0
    assert "Stabilité" in capsys.readouterr().out
    assert (
        len((tmp_path / "pairs-990010101-logement" / "pairs.csv").read_text("utf-8-sig").splitlines()) == 11
    )
