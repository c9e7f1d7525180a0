//! How many people of the shipped cities are how near to some node, and what each node adds to that.

use std::collections::BTreeMap;

use serde::Serialize;

use super::cities::City;
use super::{Latency, Point};

/// The percentiles that are reported.
const PERCENTILES: [u8; 5] = [50, 75, 90, 95, 99];

/// A place that serves: a node, or one that is being thought of.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// What it is called.
    pub name: String,
    /// Where it is.
    pub point: Point,
}

/// What the model says about a set of sites.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Coverage {
    /// The people of all cities together.
    pub population: u64,
    /// Those within the goal, as a part of all: 0 to 1.
    pub share: f64,
    /// So many percent of the people are within so many milliseconds.
    pub percentiles_ms: BTreeMap<u8, f64>,
    /// Cities beyond the goal, the largest first.
    pub beyond: Vec<Far>,
    /// Each site, the most useful first: what adding one after the other gives.
    pub order: Vec<Useful>,
}

/// A city that is far from every site.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Far {
    /// The city.
    pub city: String,
    /// Its country's two letters.
    pub country: String,
    /// Its people.
    pub population: u64,
    /// The nearest site.
    pub nearest: String,
    /// The modelled round trip to it, in milliseconds.
    pub round_trip_ms: f64,
}

/// What one site is good for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Useful {
    /// The site.
    pub site: String,
    /// The share within the goal with this site and those before it.
    pub share_so_far: f64,
    /// The share that would be lost without it, the others staying.
    pub share_lost_without: f64,
    /// The share of people for whom it is the nearest.
    pub share_nearest: f64,
}

/// Distances of every city to every site; the model is applied to them.
#[derive(Debug)]
pub struct Distances<'a> {
    cities: &'a [City],
    sites: &'a [Site],
    /// By site, then by city, in kilometres.
    km: Vec<Vec<f64>>,
}

impl<'a> Distances<'a> {
    /// Measures.
    pub fn new(cities: &'a [City], sites: &'a [Site]) -> Self {
        let from = |site: &Site| cities.iter().map(|city| city.point.km_to(site.point)).collect();
        Self { cities, sites, km: sites.iter().map(from).collect() }
    }

    /// Applies the model.
    pub fn coverage(&self, model: Latency, goal_ms: f64) -> Coverage {
        let reach_km = model.reach_km(goal_ms);
        let nearest: Vec<Option<(usize, f64)>> = (0..self.cities.len()).map(|city| self.nearest(city)).collect();
        let population = self.cities.iter().map(|city| city.population).sum();
        Coverage {
            population,
            share: self.share(reach_km, |_| true),
            percentiles_ms: self.percentiles(model, population, &nearest),
            beyond: self.beyond(model, reach_km, &nearest),
            order: self.order(reach_km, &nearest),
        }
    }

    fn nearest(&self, city: usize) -> Option<(usize, f64)> {
        let each = self.km.iter().enumerate().map(|(site, km)| (site, km[city]));
        each.min_by(|one, two| one.1.total_cmp(&two.1))
    }

    /// The share of people within reach of one of the sites that are asked for.
    fn share(&self, reach_km: f64, asked: impl Fn(usize) -> bool) -> f64 {
        let asked: Vec<&Vec<f64>> = self.km.iter().enumerate().filter(|(site, _)| asked(*site)).map(|(_, km)| km).collect();
        self.share_of(|city| asked.iter().any(|km| km[city] <= reach_km))
    }

    fn share_of(&self, counts: impl Fn(usize) -> bool) -> f64 {
        let all: u64 = self.cities.iter().map(|city| city.population).sum();
        let counted: u64 = self.cities.iter().enumerate().filter(|(index, _)| counts(*index)).map(|(_, city)| city.population).sum();
        if all == 0 { 0.0 } else { counted as f64 / all as f64 }
    }

    fn percentiles(&self, model: Latency, population: u64, nearest: &[Option<(usize, f64)>]) -> BTreeMap<u8, f64> {
        let people = self.cities.iter().map(|city| city.population);
        let mut each: Vec<(f64, u64)> =
            nearest.iter().zip(people).filter_map(|(near, people)| Some((model.round_trip_ms(near.as_ref()?.1), people))).collect();
        each.sort_by(|one, two| one.0.total_cmp(&two.0));
        let at = |percent: u8| {
            let mut left = population as f64 * f64::from(percent) / 100.0;
            let reached = each.iter().find(|(_, people)| {
                left -= *people as f64;
                left <= 0.0
            });
            reached.or(each.last()).map(|(ms, _)| (percent, round(*ms)))
        };
        PERCENTILES.into_iter().filter_map(at).collect()
    }

    fn beyond(&self, model: Latency, reach_km: f64, nearest: &[Option<(usize, f64)>]) -> Vec<Far> {
        let far = |(city, near): (&City, &Option<(usize, f64)>)| {
            let (site, km) = near.as_ref().filter(|(_, km)| *km > reach_km)?;
            Some(Far {
                city: city.name.clone(),
                country: city.country.clone(),
                population: city.population,
                nearest: self.sites[*site].name.clone(),
                round_trip_ms: round(model.round_trip_ms(*km)),
            })
        };
        self.cities.iter().zip(nearest).filter_map(far).collect()
    }

    /// Greedy: each time the site that adds most people within reach; among equals the one that is nearest for most.
    fn order(&self, reach_km: f64, nearest: &[Option<(usize, f64)>]) -> Vec<Useful> {
        let all = self.share(reach_km, |_| true);
        let mut rest: Vec<usize> = (0..self.sites.len()).collect();
        let mut covered = vec![false; self.cities.len()];
        let mut order = Vec::with_capacity(rest.len());
        let share_nearest: Vec<f64> =
            rest.iter().map(|site| self.share_of(|city| nearest[city].is_some_and(|(near, _)| near == *site))).collect();
        while !rest.is_empty() {
            let gain = |site: usize| self.share_of(|city| !covered[city] && self.km[site][city] <= reach_km);
            let gains: Vec<(f64, f64, usize)> = rest.iter().map(|site| (gain(*site), share_nearest[*site], *site)).collect();
            let best = gains.iter().max_by(|one, two| one.0.total_cmp(&two.0).then(one.1.total_cmp(&two.1)).then(two.2.cmp(&one.2)));
            let Some((.., best)) = best else { break };
            rest.retain(|site| site != best);
            covered.iter_mut().zip(&self.km[*best]).for_each(|(is, km)| *is |= *km <= reach_km);
            order.push(Useful {
                site: self.sites[*best].name.clone(),
                share_so_far: self.share_of(|city| covered[city]),
                share_lost_without: all - self.share(reach_km, |site| site != *best),
                share_nearest: share_nearest[*best],
            });
        }
        order
    }
}

/// The city whose own node would bring most people within the goal, with the share it would give. None when nobody is left.
pub fn best_addition<'a>(cities: &'a [City], sites: &[Site], model: Latency, goal_ms: f64) -> Option<(&'a City, f64)> {
    let reach_km = model.reach_km(goal_ms);
    let is_far = |city: &&City| sites.iter().all(|site| city.point.km_to(site.point) > reach_km);
    let far: Vec<&City> = cities.iter().filter(is_far).collect();
    let all: u64 = cities.iter().map(|city| city.population).sum();
    let gain = |at: &City| far.iter().filter(|city| city.point.km_to(at.point) <= reach_km).map(|city| city.population).sum::<u64>();
    // The largest city wins among equals, and cities come largest first.
    let (best, gained) = far.iter().rev().map(|city| (*city, gain(city))).max_by_key(|(_, gained)| *gained)?;
    let left: u64 = far.iter().map(|city| city.population).sum();
    Some((best, (all - left + gained) as f64 / all as f64))
}

/// One decimal is more than the model knows.
fn round(ms: f64) -> f64 {
    (ms * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geography::cities;
    use crate::inventory::{Inventory, SHIPPED};

    fn sites() -> Vec<Site> {
        let inventory = Inventory::parse(SHIPPED, "f").into_result().unwrap();
        inventory.wanted().map(|(name, node)| Site { name: name.to_string(), point: Point::of(node) }).collect()
    }

    fn coverage(sites: &[Site]) -> Coverage {
        Distances::new(cities::all(), sites).coverage(Latency::default(), 100.0)
    }

    #[test]
    fn the_shipped_fleet_reaches_about_97_percent() {
        let coverage = coverage(&sites());
        assert!((0.970..0.985).contains(&coverage.share), "{}", coverage.share);
        let at = |percent: u8| coverage.percentiles_ms[&percent];
        assert!((25.0..45.0).contains(&at(50)) && (85.0..100.0).contains(&at(95)), "{:?}", coverage.percentiles_ms);
        assert!(PERCENTILES.windows(2).all(|two| at(two[0]) <= at(two[1])));
        let countries: Vec<&str> = coverage.beyond.iter().map(|far| far.country.as_str()).collect();
        assert_eq!(coverage.beyond[0].city, "Jakarta");
        assert!(countries.contains(&"CI") && countries.contains(&"GH"), "{countries:?}");
    }

    #[test]
    fn sao_paulo_matters_and_no_single_european_node_does() {
        let coverage = coverage(&sites());
        let lost = |site: &str| coverage.order.iter().find(|useful| useful.site == site).unwrap().share_lost_without;
        assert!((0.05..0.09).contains(&lost("sao-paulo")), "{}", lost("sao-paulo"));
        for european in ["amsterdam", "zurich", "frankfurt", "london", "warsaw"] {
            assert!(lost(european) < 0.002, "{european} {}", lost(european));
        }
        assert!(coverage.order[7].share_so_far > coverage.share - 0.01, "eight sites reach nearly all that sixteen do");
        let last = coverage.order.last().unwrap();
        assert!((last.share_so_far - coverage.share).abs() < 1e-9);
        let nearest: f64 = coverage.order.iter().map(|useful| useful.share_nearest).sum();
        assert!((nearest - 1.0).abs() < 1e-9);
    }

    #[test]
    fn singapore_would_help_and_then_west_africa() {
        let mut sites = sites();
        let singapore = cities::find("Singapore", None).unwrap();
        let before = coverage(&sites).share;
        sites.push(Site { name: "singapore".into(), point: singapore.point });
        let with = coverage(&sites).share;
        assert!(with - before > 0.01, "{before} {with}");
        let (next, share) = best_addition(cities::all(), &sites, Latency::default(), 100.0).unwrap();
        assert!(["CI", "GH", "NG", "SL", "GN", "LR", "TG", "SN"].contains(&next.country.as_str()), "{next:?}");
        assert!(share > with && share > 0.995, "{share}");
    }

    #[test]
    fn by_hand_on_three_cities() {
        let city = |name: &str, longitude: f64, population: u64| City {
            name: name.into(),
            country: "XX".into(),
            point: Point { latitude: 0.0, longitude },
            population,
        };
        // A degree at the equator is 111.2 km: 30 degrees are 3336 km, 60 are 6672.
        let three = [city("near", 0.0, 500), city("middle", 30.0, 300), city("far", 60.0, 200)];
        let sites = [Site { name: "one".into(), point: three[0].point }];
        let coverage = Distances::new(&three, &sites).coverage(Latency::default(), 100.0);
        assert_eq!((coverage.population, coverage.share), (1000, 0.8));
        assert_eq!(coverage.percentiles_ms, BTreeMap::from([(50, 10.0), (75, 76.7), (90, 143.4), (95, 143.4), (99, 143.4)]));
        assert_eq!((coverage.beyond.len(), coverage.beyond[0].city.as_str()), (1, "far"));
        let nobody = Distances::new(&three, &[]).coverage(Latency::default(), 100.0);
        assert_eq!((nobody.share, nobody.percentiles_ms.len(), nobody.order.len()), (0.0, 0, 0));
    }
}
