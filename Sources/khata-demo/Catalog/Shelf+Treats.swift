extension Shelf {
    static let treats = [
        Shelf(
            category: "Tea & Coffee", code: "TEA",
            rows: """
                pack | * Tea | Tapal Danedar, Lipton Yellow Label, Tapal Family Mixture | 95g, 190g, 430g, 950g | 6
                pack | * Tea | Supreme, Vital, Tetley | 95g, 190g, 430g, 900g | 3
                box | * Tea Bags | Lipton, Tapal, Supreme | 25 bags, 50 bags, 100 bags | 2
                box | Green Tea * | Lemon, Mint, Jasmine, Elaichi, Honey | 30 bags, 100g
                pack | * Kahwa | Peshawari, Kashmiri | 50g, 100g, 250g
                sachet | Coffee * | Classic, 3 in 1, Gold | 2g, 15g | 2
                jar | Coffee * | Classic, Gold, Decaf | 50g, 100g, 200g
                pack | Tea Whitener * | Everyday, Tea Max | 15g, 375g, 850g | 4
                """),
        Shelf(
            category: "Biscuits", code: "BIS",
            rows: """
                pack | * Biscuits | Sooper, Prince, Tuc, Gala Egg, Rio Strawberry | Ticky, Half Roll, Family | 5
                pack | * Biscuits | Zeera Plus, Nankhatai, Peanut Pista, Marie, Candi | Ticky, Half Roll, Family | 3
                pack | * Biscuits | Oreo, Chocolate Chip, Digestive, Coconut, Lemon | Ticky, Half Roll, Family | 2
                pack | Wafers * | Chocolate, Vanilla, Strawberry, Orange | 15g, 75g
                box | Assorted Biscuits * | Butter Cookies, Tea Time | 400g, 800g
                """),
        Shelf(
            category: "Snacks", code: "SNK",
            rows: """
                pack | Lay's * | French Cheese, Masala, Salted, Yogurt & Herb, Wavy BBQ | 14g, 27g, 65g, 145g | 4
                pack | * | Kurkure Chutney, Kurkure Red Chilli, Cheetos, Slanty Salt | 12g, 25g, 60g | 4
                tin | Potato Crisps * | Original, Sour Cream, Paprika | 40g, 110g
                pack | Nimko * | Mix, Daal Moong, Chevda, Sev, Boondi, Ghathia | 40g, 80g, 200g | 3
                pack | Popcorn * | Butter, Salted, Caramel | 15g, 40g
                pack | Papad * | Plain, Zeera, Black Pepper | 100g, 200g
                pack | Roasted * | Chana, Peanuts, Corn, Pumpkin Seed, Melon Seed | 50g, 100g, 250g
                """),
        Shelf(
            category: "Confectionery", code: "CNF",
            rows: """
                bar | Dairy Milk * | Plain, Bubbly, Fruit & Nut, Roast Almond | 9g, 38g, 90g | 3
                bar | * | KitKat, Perk, Snickers, Mars, Twix, Jubilee, Paradise | Mini, Standard | 2
                piece | Toffee * | Eclairs, Milk, Coconut, Coffee | Single, 50 pack | 3
                piece | Candy * | Orange, Imli, Mint, Mango, Cola, Lychee | Single, 50 pack | 2
                pack | Bubble Gum * | Strawberry, Mint, Tutti Frutti | 5 pieces, 30 pieces | 2
                bar | * Chocolate | Milk, Dark, White | 50g, 100g
                pack | * Jellies | Fruit, Cola, Bear | 20g, 80g
                piece | Lollipop * | Cola, Strawberry, Mango, Milk | Single, 25 pack
                """),
        Shelf(
            category: "Beverages", code: "BEV",
            rows: """
                bottle | * | Pepsi, Coca-Cola, 7UP, Sprite, Mountain Dew | 345ml, 500ml, 1L, 1.5L, 2.25L | 4
                bottle | * | Mirinda, Fanta, Pakola, Apple Sidra | 345ml, 500ml, 1.5L | 2
                bottle | * | Soda Water, Tonic Water, Lemonade, Ginger Ale | 330ml, 1L
                tin | * Can | Pepsi, Coca-Cola, 7UP, Sprite, Mountain Dew | 250ml
                bottle | Rooh Afza | | 800ml, 1.5L | 4
                bottle | * Sharbat | Jam-e-Shirin, Sandal, Elaichi, Bazoori, Falsa | 800ml, 1.5L
                bottle | Mineral Water * | Nestle, Aquafina, Kinley | 500ml, 1.5L, 6L, 19L | 4
                pack | Juice * | Mango, Apple, Orange, Guava, Peach, Red Grape, Pineapple, Mixed | 200ml, 1L | 3
                sachet | Tang * | Orange, Mango, Lemon Pepper | 25g | 2
                box | Tang * | Orange, Mango, Lemon Pepper | 375g, 750g
                bottle | Energy Drink * | Sting Berry, Sting Gold, Red Bull | 250ml, 500ml | 2
                bottle | Squash * | Lemon, Orange, Mango | 800ml
                bottle | Malt Drink * | Plain, Apple, Pomegranate | 300ml
                """),
    ]
}
