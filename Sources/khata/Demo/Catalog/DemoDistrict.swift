import Inventory

/// Neighbouring shops, which help each other out.
struct DemoDistrict: Sendable {
    let city: String
    /// Each as its name and where it is.
    let shops: [String]

    func name(_ shop: Int) -> String { "\(shops[shop]), \(city)" }

    /// Stores are numbered from 1, district by district.
    static func storeID(district: Int, shop: Int) -> StoreID {
        StoreID(rawValue: Int64(all[..<district].reduce(0) { $0 + $1.shops.count } + shop + 1))
    }

    static let all = [
        DemoDistrict(
            city: "Karachi",
            shops: [
                "Al-Madina General Store, Gulshan-e-Iqbal", "Bismillah Kiryana, Gulistan-e-Johar",
                "Rehmat Traders, Bahadurabad", "Karachi Mart, PECHS", "Faisal Kiryana Store, Shah Faisal Colony",
            ]),
        DemoDistrict(
            city: "Karachi",
            shops: [
                "Noor General Store, Nazimabad", "Haji Karim Kiryana, North Nazimabad",
                "Madni Super Store, Liaquatabad", "Sadiq & Sons, Federal B Area", "New Hilal Store, New Karachi",
            ]),
        DemoDistrict(
            city: "Karachi",
            shops: [
                "Seaview Mart, Clifton", "Regal Kiryana, Saddar", "Baloch General Store, Lyari",
                "Memon Brothers, Kharadar", "Green Basket, DHA Phase 5",
            ]),
        DemoDistrict(
            city: "Lahore",
            shops: [
                "Data Kiryana Store, Ichhra", "Liberty General Store, Gulberg", "Model Mart, Model Town",
                "Butt Brothers, Samanabad", "Al-Fatah Kiryana, Township",
            ]),
        DemoDistrict(
            city: "Lahore",
            shops: [
                "Chaudhry Kiryana, Anarkali", "Punjab General Store, Mozang", "Ravi Traders, Shahdara",
                "Mian Sahib Store, Baghbanpura", "Rahat Kiryana, Johar Town",
            ]),
        DemoDistrict(
            city: "Rawalpindi",
            shops: [
                "Raja Kiryana, Raja Bazar", "Potohar General Store, Satellite Town", "Cantt Mart, Saddar",
                "Awan Traders, Chaklala", "Al-Noor Kiryana, Westridge",
            ]),
        DemoDistrict(
            city: "Islamabad",
            shops: [
                "Margalla General Store, G-9 Markaz", "Capital Mart, F-10 Markaz", "Shaheen Kiryana, I-8 Markaz",
                "Abbasi Brothers, G-11 Markaz", "Melody Store, Aabpara",
            ]),
        DemoDistrict(
            city: "Faisalabad",
            shops: [
                "Clock Tower Kiryana, D Ground", "Peoples General Store, Peoples Colony",
                "Gondal Traders, Ghulam Muhammadabad", "Madina Mart, Madina Town", "Usman Kiryana, Jinnah Colony",
            ]),
        DemoDistrict(
            city: "Multan",
            shops: [
                "Gulgasht Kiryana, Gulgasht Colony", "Qasim General Store, Multan Cantt",
                "Sufi Traders, Hussain Agahi", "Rukn-e-Alam Store, Shah Rukn-e-Alam", "Khan Kiryana, Mumtazabad",
            ]),
        DemoDistrict(
            city: "Peshawar",
            shops: [
                "Khyber Kiryana, Qissa Khwani", "Hayat Mart, Hayatabad", "Durrani General Store, University Town",
                "Afridi Brothers, Peshawar Saddar", "Gul Kiryana Store, Gulbahar",
            ]),
    ]
}
