"""The subjects that the starter model is asked to learn, by field of work; not their words and not their drawings.

Invariants:
- every concept stands in exactly one of the five fields, under the slug that both icon packages use for it;
- a concept of people has up to three variants (person, man, woman), each a drawing of its own, in five skin tones;
- a concept may be drawn in one style only; which drawings exist is found out when the data are built.

Left out on purpose: weapons, alcohol, tobacco, gambling, national and religious symbols, landmarks, brands, and
whatever could be taken for a mark or an insult. `LEFT_OUT` lists them with the reason, and the data card prints it.
"""

from __future__ import annotations

FIELDS: dict[str, str] = {
    "health": """
        face-with-medical-mask face-with-thermometer face-with-head-bandage sneezing-face grinning-face
        crying-face sleeping-face flexed-biceps leg foot ear ear-with-hearing-aid nose brain anatomical-heart
        lungs tooth bone eye tongue hospital ambulance syringe drop-of-blood pill adhesive-bandage crutch
        stethoscope x-ray test-tube dna microscope lab-coat glasses thermometer red-heart broken-heart soap
        toothbrush sponge shower bathtub bed microbe mosquito spider baby-bottle glass-of-milk raised-hand
        handshake white-cane
        """,
    "agriculture": """
        cow water-buffalo pig ewe goat camel horse donkey chicken rooster duck rabbit dog cat honeybee
        butterfly bug ant lady-beetle snail worm fish shrimp crab seedling potted-plant deciduous-tree
        palm-tree cactus sheaf-of-rice four-leaf-clover fallen-leaf mushroom sunflower tulip rose grapes
        watermelon lemon banana pineapple mango red-apple cherries strawberry tomato coconut avocado eggplant
        potato carrot ear-of-corn hot-pepper bell-pepper cucumber broccoli garlic onion peanuts beans pea-pod
        bread cheese-wedge egg honey-pot cooked-rice pot-of-food tractor axe pick basket bucket hammer hut
        elephant lion monkey frog turtle snake crocodile owl whale dolphin
        """,
    "education": """
        school books open-book green-book scroll newspaper pencil pen paintbrush memo backpack graduation-cap
        straight-ruler scissors paperclip abacus laptop desktop-computer printer mobile-phone telephone
        television radio camera microphone headphone light-bulb globe-showing-europe-africa world-map compass
        telescope magnet gear puzzle-piece teddy-bear soccer-ball basketball kite balloon trophy sports-medal
        artist-palette guitar drum violin musical-keyboard bell alarm-clock hourglass-done calendar bar-chart
        chart-increasing briefcase magnifying-glass-tilted-left rocket robot speech-balloon star chair door
        window key
        """,
    "aid": """
        tent house bus delivery-truck fire-engine police-car automobile bicycle motorcycle train ship canoe
        sailboat helicopter airplane parachute satellite-antenna package canned-food amphora
        fork-and-knife-with-plate spoon flatbread sandwich potable-water droplet fuel-pump oil-drum battery
        flashlight candle brick ladder toolbox wrench nut-and-bolt carpentry-saw rescue-workers-helmet
        safety-vest gloves scarf t-shirt running-shoe umbrella ring-buoy fire-extinguisher police-car-light
        construction loudspeaker megaphone money-bag credit-card identification-card envelope shopping-cart
        manual-wheelchair auto-rickshaw anchor factory bank locked dove broom
        """,
    "weather": """
        sun sun-with-face sun-behind-rain-cloud cloud cloud-with-rain cloud-with-snow cloud-with-lightning
        cloud-with-lightning-and-rain tornado fog wind-face cyclone rainbow umbrella-with-rain-drops
        umbrella-on-ground high-voltage snowflake snowman comet fire water-wave crescent-moon glowing-star
        milky-way ringed-planet volcano mountain snow-capped-mountain desert desert-island beach-with-umbrella
        sunrise leaf-fluttering-in-wind maple-leaf spiral-shell polar-bear
        """,
}

PEOPLE: dict[str, str] = {
    "health": "health-worker scientist person-in-manual-wheelchair person-with-white-cane person-feeding-baby baby",
    "agriculture": "farmer cook",
    "education": "teacher student technologist artist judge child",
    "aid": """
        firefighter police-officer construction-worker mechanic office-worker pilot person-walking older-person person
        """,
    "weather": "",
}

VARIANTS: dict[str, dict[str, str]] = {
    "person": {"person": "person", "man": "man", "woman": "woman"},
    "child": {"person": "child", "man": "boy", "woman": "girl"},
    "older-person": {"person": "older-person", "man": "old-man", "woman": "old-woman"},
    "baby": {"person": "baby"},
}

GENDERS = ("person", "man", "woman")
TONES = ("light", "medium-light", "medium", "medium-dark", "dark")

LEFT_OUT: dict[str, str] = {
    "bomb dagger crossed-swords water-pistol boomerang bow-and-arrow military-helmet": "weapons",
    "cigarette beer-mug wine-glass cocktail-glass sake bottle-with-popping-cork slot-machine game-die": "harmful use",
    "coffin headstone funeral-urn skull skull-and-crossbones": "would be tactless in aid and health work",
    "middle-finger pile-of-poo": "an insult",
    "statue-of-liberty tokyo-tower map-of-japan moai kaaba": "a landmark or a nation's symbol",
    "church mosque hindu-temple synagogue shinto-shrine prayer-beads": "a religious symbol",
    "santa-claus dodo superhero fairy vampire zombie ninja": "a fictional figure, outside the five fields",
}


def people_slugs(concept: str) -> dict[str, str]:
    """Return the drawing slug of each gender variant of a concept of people, e.g. {"woman": "woman-farmer"}."""
    if concept in VARIANTS:
        return VARIANTS[concept]
    if concept.startswith("person-"):
        rest = concept.removeprefix("person-")
        return {gender: f"{gender}-{rest}" for gender in GENDERS}
    return {"person": concept, "man": f"man-{concept}", "woman": f"woman-{concept}"}
