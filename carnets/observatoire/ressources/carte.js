/* Les cartes du site : contours partagés, une petite couche par indicateur, infobulles en texte pur. */
(function () {
  "use strict";
  const { charger, element, racine } = window.observatoire;
  const liens = new Map();

  function preparerLesLiens(sommaire) {
    for (const t of sommaire.territoires) if (t.lien) liens.set(t.code, racine + t.lien);
  }

  function infobulle(nom, lignes) {
    const bloc = element("div");
    bloc.append(element("strong", nom), ...lignes.map((ligne) => element("span", ligne)));
    return bloc;
  }

  function ouvrirAuClic(trace, code) {
    const lien = liens.get(code);
    if (!lien) return;
    // Dans une page tierce, la fiche s'ouvre à côté plutôt que dans le cadre.
    trace.on("click", () => { if (window.top === window) location.href = lien; else window.open(lien, "_blank", "noopener"); });
  }

  function tracer(contours, rang, style) {
    return L.geoJSON(contours.formes[rang], { style: () => style, smoothFactor: 0 });
  }

  function creerLePlan(boite) {
    const plan = L.map(boite, {
      attributionControl: false, zoomControl: false, zoomSnap: 0.25, minZoom: 4, fadeAnimation: false, scrollWheelZoom: false,
    });
    plan.setView([46.6, 2.4], 6, { animate: false });
    L.control.zoom({ zoomInTitle: "Zoomer", zoomOutTitle: "Dézoomer" }).addTo(plan);
    L.control.scale({ imperial: false }).addTo(plan);
    // La molette ne zoome qu'après un clic : la page défile sinon sous le doigt du lecteur.
    plan.on("focus", () => plan.scrollWheelZoom.enable());
    plan.on("blur", () => plan.scrollWheelZoom.disable());
    return plan;
  }

  // Un cadre encore sans taille donnerait une vue sans valeur : on cadre quand il en prend une.
  function cadrer(plan, emprise) {
    let fait = false;
    const essayer = () => {
      const boite = plan.getContainer();
      if (boite.clientWidth < 20 || boite.clientHeight < 20) return;
      plan.invalidateSize({ animate: false });
      if (!fait) plan.fitBounds(emprise, { padding: [10, 10], animate: false });
      fait = true;
    };
    essayer();
    new ResizeObserver(essayer).observe(plan.getContainer());
  }

  // Les contours des quartiers prioritaires, si la page les annonce.
  function siQpv(suite) {
    if (document.querySelector('script[src$="contours-qpv.js"]')) charger("contours", "qpv").then(suite);
  }

  // -- carte de situation -----------------------------------------------------------------------
  const teinte = (role) => getComputedStyle(document.documentElement).getPropertyValue(`--${role}`).trim();
  const FOND = { color: teinte("trait-de-commune"), weight: 1, fillColor: teinte("fond-de-commune"), fillOpacity: 1 };
  const QPV = { color: teinte("trait-de-qpv"), weight: 2, fillColor: teinte("fond-de-qpv"), fillOpacity: 0.55 };

  const SUJET = { color: teinte("barre"), weight: 2.5, fillColor: teinte("barre"), fillOpacity: 0.6 };

  function poser(plan, contours, ordinaire, nature, sujet) {
    const groupe = L.featureGroup();
    contours.codes.forEach((code, rang) => {
      const style = code === sujet ? SUJET : ordinaire;
      const trace = tracer(contours, rang, style);
      trace.bindTooltip(infobulle(contours.noms[rang], [nature + " " + code]), { sticky: true, opacity: 1 });
      trace.on("mouseover", () => trace.setStyle({ weight: style.weight + 1.5 }));
      trace.on("mouseout", () => trace.setStyle(style));
      ouvrirAuClic(trace, code);
      trace.addTo(groupe);
    });
    return groupe.addTo(plan);
  }

  function situer(boite) {
    const plan = creerLePlan(boite.querySelector(".plan")), sujet = boite.dataset.territoire;
    charger("contours", "communes").then((communes) => {
      cadrer(plan, poser(plan, communes, FOND, "commune", sujet).getBounds());
      siQpv((qpv) => poser(plan, qpv, QPV, "quartier prioritaire", sujet));
    });
  }

  // -- carte d'un indicateur --------------------------------------------------------------------
  function dessiner(plan, contours, couche) {
    const groupe = L.featureGroup();
    const cercles = [];
    contours.codes.forEach((code, rang) => {
      const n = couche.apparences[rang];
      if (n < 0) return;
      const style = couche.aplats[n];
      const trace = tracer(contours, rang, style);
      const bulle = () => infobulle(contours.noms[rang], couche.textes[rang]);
      trace.bindTooltip(bulle, { sticky: true, opacity: 1 });
      trace.on("mouseover", () => { trace.setStyle({ color: "#000", weight: 2.5 }); trace.bringToFront(); });
      trace.on("mouseout", () => trace.setStyle(style));
      ouvrirAuClic(trace, code);
      trace.addTo(groupe);
      if (couche.rayons && couche.rayons[rang] > 0) cercles.push({ rang, n, code, bulle });
    });
    // Les grands d'abord : un petit cercle reste devant eux.
    cercles.sort((a, b) => couche.rayons[b.rang] - couche.rayons[a.rang]).forEach(({ rang, n, code, bulle }) => {
      const cercle = L.circleMarker(contours.centres[rang],
        Object.assign({ radius: couche.rayons[rang], pane: "cercles" }, couche.cercles[n]));
      cercle.bindTooltip(bulle, { sticky: true, opacity: 1 });
      ouvrirAuClic(cercle, code);
      cercle.addTo(groupe);
    });
    return groupe.addTo(plan);
  }

  // Par-dessus tout, transparents à la souris : l'infobulle reste celle du territoire.
  function preparerLesTraits(plan) {
    plan.createPane("cercles").style.zIndex = 420;
    plan.createPane("traits").style.zIndex = 450;
    plan.getPane("traits").style.pointerEvents = "none";
  }

  function superposer(plan, contours, traits) {
    const commun = { interactive: false, pane: "traits", fill: false, smoothFactor: 0 };
    return L.layerGroup(traits.map((trait) => L.geoJSON(contours.formes, Object.assign({}, commun, trait)))).addTo(plan);
  }

  function brancher(boite) {
    const zone = boite.querySelector(".plan");
    const plan = creerLePlan(zone);
    preparerLesTraits(plan);
    siQpv((qpv) => superposer(plan, qpv, [{ color: teinte("papier"), weight: 4 }, { color: teinte("perimetre"), weight: 2 }]));
    // Sous les IRIS, les limites des communes : on s'y retrouve, et une commune non découpée n'est pas un trou.
    const limites = L.layerGroup();
    charger("contours", "communes").then((communes) => {
      superposer(limites, communes, [{ color: teinte("trait-de-commune"), weight: 1.2 }]);
      // Toute l'intercommunalité dans le cadre, quel que soit le niveau montré d'abord.
      cadrer(plan, L.geoJSON(communes.formes).getBounds());
    });
    let groupe = null;
    const montrer = (niveau) => Promise.all([charger("carte", boite.dataset.carte), charger("contours", niveau)])
      .then(([couches, contours]) => {
        const couche = couches.find((c) => c.niveau === niveau);
        const suivant = dessiner(plan, contours, couche);
        if (groupe) groupe.remove();
        groupe = suivant;
        if (niveau === "iris") limites.addTo(plan); else limites.remove();
        zone.setAttribute("aria-label", couche.alternatif);
        boite.querySelectorAll(".legende-de-niveau").forEach((legende) => { legende.hidden = legende.dataset.niveau !== niveau; });
      });
    const boutons = [...boite.querySelectorAll('input[name="niveau"]')];
    boutons.forEach((bouton) => bouton.addEventListener("change", () => montrer(bouton.value)));
    const premiers = [...boite.querySelectorAll(".legende-de-niveau")].map((legende) => legende.dataset.niveau);
    const voulu = premiers.includes(location.hash.slice(1)) ? location.hash.slice(1) : premiers[0];
    boutons.forEach((bouton) => { bouton.checked = bouton.value === voulu; });
    montrer(voulu);
  }

  charger("sommaire", "").then((sommaire) => {
    preparerLesLiens(sommaire);
    document.querySelectorAll(".carte.situation").forEach(situer);
    document.querySelectorAll(".carte[data-carte]").forEach(brancher);
  });
})();
