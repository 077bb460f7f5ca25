/// Neighbouring shops, which help each other out.
struct DemoDistrict {
    struct Shop {
        let id: Int
        let name: String
    }

    let shops: [Shop]

    /// Shops are numbered from 1, district by district.
    static let all: [DemoDistrict] = {
        var lastID = 0
        return places.map { city, shops in
            DemoDistrict(
                shops: shops.map { shop in
                    lastID += 1
                    return Shop(id: lastID, name: "\(shop), \(city)")
                })
        }
    }()

    private static let places: KeyValuePairs = [
        "Karachi": [
            "Al-Madina General Store, Gulshan-e-Iqbal", "Bismillah Kiryana, Gulistan-e-Johar",
            "Rehmat Traders, Bahadurabad", "Karachi Mart, PECHS", "Faisal Kiryana Store, Shah Faisal Colony",
        ],
        "Karachi": [
            "Noor General Store, Nazimabad", "Haji Karim Kiryana, North Nazimabad",
            "Madni Super Store, Liaquatabad", "Sadiq & Sons, Federal B Area", "New Hilal Store, New Karachi",
        ],
        "Karachi": [
            "Seaview Mart, Clifton", "Regal Kiryana, Saddar", "Baloch General Store, Lyari",
            "Memon Brothers, Kharadar", "Green Basket, DHA Phase 5",
        ],
        "Lahore": [
            "Data Kiryana Store, Ichhra", "Liberty General Store, Gulberg", "Model Mart, Model Town",
            "Butt Brothers, Samanabad", "Al-Fatah Kiryana, Township",
        ],
        "Lahore": [
            "Chaudhry Kiryana, Anarkali", "Punjab General Store, Mozang", "Ravi Traders, Shahdara",
            "Mian Sahib Store, Baghbanpura", "Rahat Kiryana, Johar Town",
        ],
        "Rawalpindi": [
            "Raja Kiryana, Raja Bazar", "Potohar General Store, Satellite Town", "Cantt Mart, Saddar",
            "Awan Traders, Chaklala", "Al-Noor Kiryana, Westridge",
        ],
        "Islamabad": [
            "Margalla General Store, G-9 Markaz", "Capital Mart, F-10 Markaz", "Shaheen Kiryana, I-8 Markaz",
            "Abbasi Brothers, G-11 Markaz", "Melody Store, Aabpara",
        ],
        "Faisalabad": [
            "Clock Tower Kiryana, D Ground", "Peoples General Store, Peoples Colony",
            "Gondal Traders, Ghulam Muhammadabad", "Madina Mart, Madina Town", "Usman Kiryana, Jinnah Colony",
        ],
        "Multan": [
            "Gulgasht Kiryana, Gulgasht Colony", "Qasim General Store, Multan Cantt",
            "Sufi Traders, Hussain Agahi", "Rukn-e-Alam Store, Shah Rukn-e-Alam", "Khan Kiryana, Mumtazabad",
        ],
        "Peshawar": [
            "Khyber Kiryana, Qissa Khwani", "Hayat Mart, Hayatabad", "Durrani General Store, University Town",
            "Afridi Brothers, Peshawar Saddar", "Gul Kiryana Store, Gulbahar",
        ],
    ]
}
