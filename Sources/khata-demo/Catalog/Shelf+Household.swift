extension Shelf {
    static let household = [
        Shelf(
            category: "Baby Care", code: "BAB",
            rows: """
                pack | * Diapers | Pampers, Canbebe, Molfix | Newborn, Small, Medium, Large, X-Large | 2
                pack | Baby Wipes * | Aloe Vera, Sensitive, Unscented | 20 pieces, 40 pieces, 72 pieces
                tin | Infant Formula * | Stage 1, Stage 2, Stage 3 | 200g, 400g, 900g
                box | Baby Cereal * | Wheat, Rice, Banana, Mixed Fruit | 175g, 350g
                bottle | Baby * | Lotion, Shampoo, Oil, Powder | 100ml, 200ml
                piece | Feeding Bottle * | Standard, Wide Neck | 125ml, 240ml
                """),
        Shelf(
            category: "Soap & Body", code: "SOP",
            rows: """
                bar | * Soap | Lux, Lifebuoy, Safeguard, Capri, Dettol, Palmolive, Dove | 65g, 100g, 140g | 4
                bar | * Soap | Tibet, Neem, Glycerine, Sandal, Charcoal | 75g, 125g
                bottle | Hand Wash * | Lifebuoy, Dettol, Safeguard | 200ml, 450ml
                tube | Face Wash * | Neem, Fairness, Charcoal, Lemon | 50ml, 100ml
                tube | Cold Cream * | Tibet, Ponds, Nivea | 30ml, 60ml, 120ml | 2
                bottle | Body Lotion * | Cocoa, Aloe, Milk | 100ml, 200ml, 400ml
                bottle | Petroleum Jelly | | 50ml, 100ml, 250ml
                tin | Talcum Powder * | Rose, Jasmine, Lavender, Cool | 100g, 200g
                bottle | Body Spray * | Musk, Ocean, Oud, Floral | 120ml, 200ml
                pack | Sanitary Pads * | Always, Butterfly, Trust | Regular, Long, Extra Long | 2
                pack | Safety Razor * | Single Blade, Twin Blade | 1 piece, 5 pieces | 2
                tube | Shaving Cream * | Classic, Menthol | 50g, 100g
                bottle | After Shave * | Classic, Menthol, Musk | 50ml, 100ml
                """),
        Shelf(
            category: "Cosmetics", code: "COS",
            rows: """
                piece | Lipstick * | Red, Pink, Maroon, Nude | Matte, Glossy
                bottle | Nail Polish * | Red, Pink, Maroon, Clear, Silver | 6ml, 12ml
                bottle | Nail Polish Remover | | 50ml, 100ml
                bottle | Attar * | Oud, Rose, Musk, Jasmine | 3ml, 6ml, 12ml
                piece | Kajal * | Black, Brown | Pencil, Stick
                box | Face Powder * | Fair, Natural, Ivory | 20g, 40g
                """),
        Shelf(
            category: "Hair Care", code: "HAR",
            rows: """
                sachet | * Shampoo | Sunsilk Black, Sunsilk Pink, Head & Shoulders, Pantene, Clear, Lifebuoy | 6ml | 5
                bottle | * Shampoo | Sunsilk, Head & Shoulders, Pantene, Clear, Lifebuoy, Dove | 90ml, 185ml, 360ml | 2
                bottle | Conditioner * | Smooth, Repair, Colour Care | 90ml, 180ml
                bottle | Hair Oil * | Coconut, Amla, Mustard, Almond, Castor, Onion | 50ml, 100ml, 200ml | 2
                box | Hair Colour * | Natural Black, Dark Brown, Burgundy | 15g, 50ml
                pack | Mehndi * | Cone, Red, Black | 25g, 100g
                jar | Hair Gel * | Wet Look, Strong Hold | 100ml, 250ml
                piece | Comb * | Pocket, Wide Tooth, Ladies |
                """),
        Shelf(
            category: "Oral Care", code: "ORL",
            rows: """
                tube | * Toothpaste | Colgate, Close Up, Sensodyne, English, Miswak, Medicam | 35g, 70g, 140g, 200g | 3
                piece | Toothbrush * | Soft, Medium, Hard, Kids | Single, Family Pack | 2
                bottle | Mouthwash * | Mint, Clove | 120ml, 250ml
                piece | Miswak Stick * | Peelu, Neem |
                """),
        Shelf(
            category: "Laundry", code: "LAU",
            rows: """
                pack | * Washing Powder | Surf Excel, Ariel, Brite, Express Power, Bonus | 35g, 500g, 1kg, 2kg | 4
                bottle | Liquid Detergent * | Regular, Baby, Wool | 500ml, 1L
                bar | Laundry Soap * | Sufi, Gai, White, Blue | 125g, 250g, 1kg | 3
                bottle | Bleach * | Regular, Floral, Colour Safe | 250ml, 500ml, 1L
                bottle | Fabric Softener * | Lavender, Spring | 200ml, 500ml, 1L
                sachet | Robin Blue | | 25g, 100g
                piece | Stain Remover Stick | |
                piece | Clothes * | Pegs Dozen, Line, Hangers, Brush | Small, Large
                """),
        Shelf(
            category: "Cleaning", code: "CLN",
            rows: """
                bar | Dishwash Bar * | Lemon Max, Vim, Gai | 90g, 275g, 400g | 4
                bottle | Dishwash Liquid * | Lemon, Lime, Anti-bacterial | 250ml, 475ml, 750ml | 2
                bottle | Toilet Cleaner * | Harpic, Domex, Finis | 250ml, 500ml, 750ml
                bottle | * | Phenyl, Glass Cleaner, Floor Cleaner, Drain Cleaner, Antiseptic Liquid | 250ml, 500ml, 1L
                bottle | * Spray | Mosquito, Cockroach, Air Freshener Rose, Air Freshener Jasmine | 300ml, 600ml
                pack | Mosquito Coils * | Classic, Low Smoke | 10 pieces | 2
                piece | Mosquito Refill * | Liquid, Mat | 45 nights
                piece | * | Scouring Pad, Steel Wool, Sponge, Dusting Cloth, Floor Cloth | Single, 3 pack | 2
                piece | * | Broom, Wiper, Mop, Toilet Brush, Dustpan | Small, Large
                pack | Garbage Bags * | Black, Blue | Small, Medium, Large
                pack | Naphthalene Balls | | 50g, 100g
                """),
        Shelf(
            category: "Household", code: "HSE",
            rows: """
                box | Matches * | Safety, Long | Single, 10 boxes | 4
                piece | Candle * | Plain, Coloured, Birthday | Small, Large | 2
                piece | LED Bulb * | White, Warm | 5W, 9W, 12W, 18W | 2
                pack | Battery * | AA, AAA, 9V, C, D | 1 piece, 2 pieces, 4 pieces | 2
                roll | Tissue * | Toilet, Kitchen, Facial, Pocket | Single, 4 pack, 10 pack | 2
                roll | * | Aluminium Foil, Cling Film, Baking Paper | 5m, 10m, 25m
                pack | Disposable * | Cups, Plates, Spoons, Glasses | 25 pieces, 50 pieces, 100 pieces
                piece | Plastic * | Mug, Bucket, Basin, Jug, Lunch Box, Jar | Small, Medium, Large
                piece | * | Tea Strainer, Lighter, Vegetable Peeler, Kitchen Knife, Rolling Pin | Standard, Premium
                pack | Shopping Bags * | Paper, Cloth | Small, Medium, Large
                piece | Extension Lead | | 2m, 5m
                pack | * | Rubber Bands, Safety Pins, Sewing Needles, Thread Spools, Buttons | Small, Large
                pack | Agarbatti * | Rose, Sandal, Jasmine, Mogra | 20 sticks, 50 sticks
                tube | Shoe Polish * | Black, Brown, Neutral | 20ml, 45ml
                piece | * | Padlock, Torch, Mouse Trap, Electric Plug, Adapter | Small, Large
                roll | Tape * | PVC, Masking, Packing | Small, Large
                """),
        Shelf(
            category: "Kitchenware", code: "KIT",
            rows: """
                piece | * | Steel Glass, Steel Plate, Tea Cup, Serving Bowl, Frying Pan, Kettle, Ladle | Small, Large
                piece | * | Thermos, Water Cooler | 1L, 2L, 5L
                piece | * | Chopping Board, Colander, Rolling Board, Spice Box | Small, Large
                """),
        Shelf(
            category: "Toys", code: "TOY",
            rows: """
                piece | Toy * | Car, Doll, Ball, Kite, Bat, Water Gun, Whistle | Small, Large
                pack | * | Balloons, Marbles, Playing Cards, Stickers | Small, Large
                """),
        Shelf(
            category: "Pets", code: "PET",
            rows: """
                pack | Cat Food * | Tuna, Chicken | 85g, 400g, 1.2kg
                pack | * | Bird Seed, Parrot Mix, Poultry Feed | 500g, 1kg
                """),
        Shelf(
            category: "Stationery", code: "STN",
            rows: """
                piece | Ball Pen * | Blue, Black, Red, Green | Single, 10 pack | 3
                piece | * Pen | Gel Blue, Gel Black, Fountain, Marker Black, Marker Blue, Highlighter | Single, 10 pack
                piece | Pencil * | HB, 2B, Colour | Single, 12 pack | 2
                piece | Notebook * | Single Line, Four Line, Square, Plain | 40 pages, 80 pages, 160 pages | 2
                piece | Register * | Hard Cover, Soft Cover | 100 pages, 200 pages, 400 pages
                piece | * | Eraser, Sharpener, Ruler, Geometry Box, Correction Pen | Standard, Deluxe | 2
                tube | Glue * | Stick, Liquid, Super | Small, Large
                pack | Paper * | A4, Legal, Chart, Glazed | 10 sheets, 100 sheets, 500 sheets
                pack | Envelopes * | White, Brown | 10 pieces, 50 pieces
                pack | Crayons | | 6 colours, 12 colours, 24 colours
                box | * | Staples, Paper Clips, Thumb Pins | Small, Large
                piece | * | Stapler, Scissors, File Folder, Clipboard, Calculator | Small, Large
                """),
        Shelf(
            category: "Mobile Cards", code: "MOB",
            rows: """
                card | * Card | Jazz, Zong, Telenor, Ufone | Rs 100, Rs 200, Rs 500, Rs 1000 | 6
                card | * SIM | Jazz, Zong, Telenor, Ufone | Prepaid, 4G Data
                piece | Mobile * | Charger, Data Cable, Hands-free, Power Bank | Standard, Fast
                card | * Bundle | Jazz, Zong, Telenor, Ufone | Weekly, Monthly | 4
                piece | Memory Card | | 16GB, 32GB, 64GB
                """),
        Shelf(
            category: "Health", code: "HLT",
            rows: """
                sachet | ORS * | Orange, Lemon, Plain | Single, 20 pack | 3
                pack | * | Bandages, Cotton Wool, Gauze, Face Masks, Surgical Tape | Small, Large
                tube | * | Pain Balm, Antiseptic Cream, Burn Cream, Muscle Rub | 15g, 30g | 2
                sachet | Ispaghol Husk | | 10g, 50g, 140g | 2
                bottle | * | Rose Water, Gripe Water, Cough Syrup, Hand Sanitiser, Glycerine | 60ml, 120ml
                pack | Vitamin C Tablets * | Orange, Lemon | 10 tablets, 20 tablets
                sachet | * | Fruit Salt, Joshanda, Throat Lozenges | Single, 12 pack | 3
                bottle | Herbal * | Arq-e-Gulab, Saunf Water, Digestive Syrup | 250ml, 800ml
                """),
    ]
}
