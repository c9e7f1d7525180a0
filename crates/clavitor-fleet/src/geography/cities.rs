//! Where people are: the cities that the program ships. data/README.md says where they come from and what they are good for.

use std::sync::LazyLock;

use super::Point;

/// Natural Earth's populated places of at least 300,000 people; public domain.
const CITIES: &str = include_str!("../../data/cities.csv");

static ALL: LazyLock<Vec<City>> = LazyLock::new(|| CITIES.lines().skip(1).filter_map(read).collect());

/// A city and its people.
#[derive(Debug, Clone, PartialEq)]
pub struct City {
    /// The name in the source.
    pub name: String,
    /// ISO 3166-1, two letters.
    pub country: String,
    /// Where it is.
    pub point: Point,
    /// People of the city with its surroundings, about 2010: a weight, not a census.
    pub population: u64,
}

/// Every city, the largest first.
pub fn all() -> &'static [City] {
    &ALL
}

/// The largest city of this name, in any writing of upper and lower case and with or without accents; in this country, if one is given.
pub fn find(name: &str, country: Option<&str>) -> Option<&'static City> {
    let wanted = plain(name);
    ALL.iter().find(|city| plain(&city.name) == wanted && country.is_none_or(|code| code.eq_ignore_ascii_case(&city.country)))
}

/// Lower case without the marks of letters, so that "Sao Paulo" is found.
fn plain(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    let is_mark = |letter: &char| unicode_normalization::char::is_combining_mark(*letter);
    name.nfd().filter(|letter| !is_mark(letter)).collect::<String>().to_lowercase()
}

/// One line: name, country, latitude, longitude, population; the name in quotes where it holds a comma.
fn read(line: &str) -> Option<City> {
    let (name, rest) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once("\",")?,
        None => line.split_once(',')?,
    };
    let mut fields = rest.split(',');
    let country = fields.next()?.to_owned();
    let point = Point { latitude: fields.next()?.parse().ok()?, longitude: fields.next()?.parse().ok()? };
    let population = fields.next()?.parse().ok()?;
    fields.next().is_none().then(|| City { name: name.replace("\"\"", "\""), country, point, population })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_city() {
        assert_eq!(all().len(), CITIES.lines().count() - 1);
        let people: u64 = all().iter().map(|city| city.population).sum();
        assert_eq!((all().len(), people), (1_554, 2_087_359_209), "data/README.md names both figures");
        assert!(all().windows(2).all(|two| two[0].population >= two[1].population));
        let is_on_earth = |city: &City| city.point.latitude.abs() <= 90.0 && city.point.longitude.abs() <= 180.0;
        assert!(all().iter().all(|city| is_on_earth(city) && city.country.len() == 2 && city.population >= 300_000));
    }

    #[test]
    fn cities_are_found_as_people_write_them() {
        assert_eq!(find("tokyo", None).unwrap().country, "JP");
        assert_eq!(find("Sao Paulo", None).unwrap().name, find("São Paulo", None).unwrap().name);
        assert_eq!(find("London", Some("GB")).unwrap().country, "GB");
        assert!(find("London", Some("JP")).is_none() && find("Atlantis", None).is_none());
    }
}
