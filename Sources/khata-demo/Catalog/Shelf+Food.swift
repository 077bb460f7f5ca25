extension Shelf {
    static let food = [
        Shelf(
            category: "Grocery", code: "GRC",
            rows: """
                pack | Sugar | | 500g, 1kg, 2kg, 5kg | 9
                pack | * Sugar | Brown, Icing, Castor | 250g, 500g, 1kg
                pack | * Salt | National Iodised, Shan Iodised, Himalayan Pink, Black | 400g, 800g | 4
                pack | Gur * | Desi, Sesame, Peanut | 250g, 500g, 1kg
                pack | Shakkar | | 500g, 1kg
                pack | Vermicelli * | Plain, Roasted, Coloured | 150g, 400g | 2
                pack | Instant Noodles * | Chicken, Masala, Chatpata, Vegetable, BBQ | 65g, 5 x 65g | 4
                pack | Macaroni * | Elbow, Penne, Shell, Spiral | 200g, 400g
                pack | Spaghetti * | Kolson, Bake Parlor | 250g, 500g
                pack | * | Almonds, Cashews, Raisins, Walnuts | 100g, 250g, 500g
                pack | * | Pistachios, Dried Apricots, Figs, Pine Nuts | 100g, 250g
                pack | * Dates | Aseel, Ajwa, Rabbi | 250g, 500g, 1kg
                box | Custard Powder * | Vanilla, Strawberry, Mango, Banana | 50g, 120g, 275g
                box | Jelly Powder * | Strawberry, Mango, Orange, Banana, Pineapple | 80g
                box | Kheer Mix * | Pistachio, Almond, Plain | 155g
                pack | Corn Flour * | Rafhan, Fauji | 100g, 275g
                box | Corn Flakes * | Original, Honey, Chocolate | 150g, 250g, 500g
                pack | Porridge Oats | | 250g, 500g, 1kg
                sachet | Baking Powder | | 25g, 100g
                pack | Sago | | 100g, 250g, 500g
                pack | Mishri * | Crystal, Lump | 100g, 250g
                pack | Soup Mix * | Chicken Corn, Hot & Sour, Vegetable | 45g
                cup | Cup Noodles * | Chicken, Masala, BBQ | 60g
                tin | Ready Meal * | Nihari, Haleem, Chana Masala, Palak | 275g, 400g
                kg | Loose * | Sugar, Chana Daal, Masoor Daal, Moong Daal, Mash Daal, Besan | | 3
                kg | Loose * | Basmati Rice, Broken Rice, Wheat Flour, Salt, Red Chilli, Gur | | 3
                pack | Supari * | Sweet, Plain, Saunf, Tulsi | Single, 48 pack | 2
                sachet | Desiccated Coconut | | 50g, 100g, 250g
                bottle | Honey * | Sidr, Acacia, Clover | 125g, 250g, 500g
                """),
        Shelf(
            category: "Rice & Flour", code: "RIC",
            rows: """
                bag | Wheat Flour * | Chakki, Fine, Whole Wheat | 5kg, 10kg, 20kg | 8
                pack | Maida * | Fine, Special | 1kg, 2kg | 2
                pack | Suji | | 250g, 500g, 1kg | 2
                pack | Besan * | Chana, Fine | 250g, 500g, 1kg | 3
                pack | Rice Flour | | 250g, 500g, 1kg
                pack | Corn Meal | | 500g, 1kg
                pack | Barley Sattu | | 500g, 1kg
                bag | Basmati Rice * | Super Kernel, 1121 Sella, 386, Kainat, Falak, Broken | 1kg, 2kg, 5kg, 10kg | 5
                pack | * Rice | Irri-6, Parboiled, Brown, Red | 1kg, 5kg | 2
                """),
        Shelf(
            category: "Pulses", code: "PUL",
            rows: """
                pack | Daal * | Chana, Masoor, Moong Washed, Mash Washed, Arhar | 250g, 500g, 1kg, 2kg | 5
                pack | Whole * | Masoor, Moong, Mash, Black Gram | 500g, 1kg, 2kg | 2
                pack | Chickpeas * | White, White Large, Black | 500g, 1kg, 2kg | 3
                pack | * Beans | Red Kidney, White Kidney, Black-eyed, Soya | 500g, 1kg
                pack | Haleem Mix Grains | | 500g, 1kg
                """),
        Shelf(
            category: "Spices", code: "SPC",
            rows: """
                pack | * Powder | Red Chilli, Turmeric, Coriander, Cumin, Black Pepper | 50g, 100g, 200g | 4
                pack | Garam Masala * | Whole, Ground | 25g, 50g, 100g | 2
                pack | * Whole | Cumin, Coriander, Black Pepper, Cloves, Fennel, Mustard Seed, Fenugreek | 50g, 100g | 2
                pack | * | Cinnamon Sticks, Green Cardamom, Black Cardamom, Bay Leaves, Star Anise, Nutmeg | 25g, 50g
                pack | * | Red Chilli Flakes, Whole Red Chilli, Ajwain, Kalonji, Dried Fenugreek Leaves | 50g, 100g | 2
                box | National * Masala | Biryani, Karahi, Nihari, Korma, Tikka, Achar Gosht, Qeema | 39g, 78g | 3
                box | Shan * Masala | Bombay Biryani, Sindhi Biryani, Karahi, Nihari, Chapli Kabab | 50g, 100g | 3
                box | Mehran * Masala | Biryani, Korma, Fish, Haleem | 50g, 100g | 2
                pack | Chaat Masala * | Plain, Fruit, Dahi Bara | 50g, 100g
                pack | Ginger Garlic Paste | | 100g, 300g, 750g | 2
                sachet | * | Tamarind, Dry Pomegranate Seed, Amchur Powder, Kokum, Sesame Seed, Poppy Seed | 50g, 100g
                sachet | Food Colour * | Yellow, Orange, Red, Green | 5g, 10g
                """),
        Shelf(
            category: "Oil & Ghee", code: "OIL",
            rows: """
                pouch | * Cooking Oil | Dalda, Sufi, Habib, Eva, Season Canola | 1L | 7
                tin | * Cooking Oil | Dalda, Sufi, Habib, Eva, Season Canola | 2.5L, 5L, 10L | 3
                pouch | * Banaspati Ghee | Dalda, Sufi, Habib, Kashmir | 500g, 1kg | 6
                tin | * Banaspati Ghee | Dalda, Sufi, Habib, Kashmir | 2.5kg, 5kg | 2
                jar | Desi Ghee * | Cow, Buffalo | 250g, 500g, 1kg
                bottle | * Oil | Olive, Mustard, Sunflower, Corn, Sesame | 250ml, 500ml, 1L
                """),
        Shelf(
            category: "Dairy & Eggs", code: "DRY", isFresh: true,
            rows: """
                dozen | Eggs * | Farm, Desi, Brown | | 7
                pack | * Milk | Olper's, Milk Pak, Dayfresh, Nurpur | 250ml, 1L, 1.5L | 7
                pouch | Fresh Milk * | Pasteurised, Low Fat | 500ml, 1L | 6
                tub | Yoghurt * | Plain, Sweet, Low Fat | 250g, 450g, 1kg | 5
                cup | Flavoured Yoghurt * | Strawberry, Mango, Peach | 100g
                pack | Flavoured Milk * | Chocolate, Strawberry, Badam, Mango, Coffee | 180ml, 250ml | 2
                pack | * Cream | Dairy, Cooking, Whipping | 200ml | 2
                bar | Butter * | Salted, Unsalted | 50g, 100g, 200g | 2
                pack | * Cheese | Mozzarella, Cheddar, Slices | 200g, 400g
                tin | Condensed Milk | | 390g
                box | Milk Powder * | Nido, Nido 1+, Meadow | 200g, 390g, 900g | 2
                pack | Paneer | | 200g, 400g
                bottle | Lassi * | Sweet, Salted, Mint | 250ml, 1L
                """),
        Shelf(
            category: "Vegetables & Fruit", code: "VEG", isFresh: true,
            rows: """
                kg | * | Onions, Potatoes, Tomatoes | | 8
                kg | * | Garlic, Ginger, Green Chillies, Lemons, Carrots, Cucumbers, Peas, Okra, Spinach | | 3
                kg | * | Cauliflower, Cabbage, Bitter Gourd, Bottle Gourd, Turnips, Radishes, Beetroot |
                bunch | Fresh * | Coriander, Mint, Spring Onions, Fenugreek | | 3
                kg | * | Apples Kala Kulu, Apples Golden, Guavas, Grapes, Pomegranates, Papaya | | 2
                dozen | * | Bananas, Oranges, Kinnow, Sweet Limes | | 3
                """),
        Shelf(
            category: "Bakery", code: "BAK", isFresh: true,
            rows: """
                pack | Bread * | White, Brown, Milky, Bran | Small, Large | 6
                pack | * | Burger Buns, Hot Dog Buns, Fruit Buns, Sheermal, Pita Bread | 4 pieces, 6 pieces | 3
                pack | Rusk * | Plain, Cake, Elaichi | 120g, 300g, 600g | 4
                piece | Cake * | Plain, Marble, Fruit, Chocolate | 130g, 300g | 2
                pack | Cup Cakes * | Vanilla, Chocolate, Strawberry | 2 pieces, 6 pieces
                pack | Khari * | Zeera, Plain, Baqarkhani | 200g, 400g
                """),
        Shelf(
            category: "Sauces & Pickles", code: "SAU",
            rows: """
                bottle | Tomato Ketchup * | National, Shangrila, Mitchell's | 300g, 500g, 800g | 3
                bottle | * Sauce | Chilli Garlic, Soya, Hot Chilli, Imli, Oyster | 120ml, 300ml, 800ml
                bottle | White Vinegar | | 300ml, 800ml
                jar | Mayonnaise * | Classic, Garlic | 200g, 500g
                jar | Pickle * | Mixed, Mango, Lemon, Green Chilli, Hyderabadi | 320g, 500g, 1kg | 2
                jar | Jam * | Mixed Fruit, Apple, Mango, Strawberry, Orange Marmalade | 200g, 340g, 450g
                jar | * | Peanut Butter, Chocolate Spread, Hazelnut Spread | 180g, 340g
                jar | Chutney * | Mint, Plum, Tamarind | 180g, 400g
                tin | Canned * | Pineapple, Mushroom, Sweet Corn, Baked Beans, Tuna, Fruit Cocktail | 400g, 800g
                """),
        Shelf(
            category: "Frozen", code: "FRZ",
            rows: """
                pack | Frozen * | Nuggets, Seekh Kabab, Shami Kabab, Koftay, Burger Patties | 250g, 500g, 1kg
                pack | Frozen * | Samosa, Spring Rolls | 250g, 500g, 1kg
                pack | Frozen Fish * | Fillet, Fingers | 250g, 500g
                pack | Frozen Paratha * | Plain, Puff, Whole Wheat | 5 pieces, 20 pieces | 2
                pack | Frozen * | Peas, French Fries, Mixed Vegetables | 500g, 1kg
                tub | Ice Cream * | Vanilla, Mango, Chocolate, Kulfa, Praline | 500ml, 1L, 1.8L
                cup | Ice Cream * | Vanilla, Mango, Chocolate, Strawberry | 90ml | 2
                """),
    ]
}
