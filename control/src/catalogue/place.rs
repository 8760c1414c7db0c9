//! Where on earth something is: country, time zone, coordinates.

use std::fmt;
use std::str::FromStr;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use thiserror::Error;

/// A country or territory: ISO 3166-1 alpha-2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country(&'static str);

/// There is no such country.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be the ISO 3166 code of a country in capitals, such as DE")]
pub struct CountryError;

impl FromStr for Country {
    type Err = CountryError;

    fn from_str(text: &str) -> Result<Self, CountryError> {
        COUNTRIES.split_whitespace().find(|code| *code == text).map(Self).ok_or(CountryError)
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A zone of the IANA database, such as `Europe/Berlin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// There is no such zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be the IANA name of a time zone, such as Europe/Berlin")]
pub struct ZoneError;

impl Zone {
    /// Coordinated universal time, for what has no place.
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// Its name, as it is spelled in the database.
    pub fn name(&self) -> &str {
        // Only zones with a name are made.
        self.0.iana_name().unwrap_or_default()
    }

    /// How its clocks are set.
    pub(crate) fn time_zone(&self) -> &TimeZone {
        &self.0
    }
}

impl FromStr for Zone {
    type Err = ZoneError;

    /// By the database that is compiled in: the same on every machine.
    fn from_str(name: &str) -> Result<Self, ZoneError> {
        let zone = TimeZoneDatabase::bundled().get(name).map_err(|_| ZoneError)?;
        // `Etc/Unknown` is a zone to some, and tells nobody when to come.
        if zone.is_unknown() || zone.iana_name().is_none() {
            Err(ZoneError)
        } else {
            Ok(Self(zone))
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A point on the globe, to a millionth of a degree (a tenth of a metre).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coordinates {
    latitude_e6: i32,
    longitude_e6: i32,
}

/// There is no such point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be degrees: latitude from -90 to 90, longitude from -180 to 180")]
pub struct CoordinatesError;

impl Coordinates {
    /// The point at these degrees.
    pub fn from_degrees(latitude: f64, longitude: f64) -> Result<Self, CoordinatesError> {
        // What is no number is larger than nothing, and turned away with the rest.
        let e6 = |degrees: f64, max: f64| {
            (degrees.abs() <= max).then(|| (degrees * 1e6).round() as i32).ok_or(CoordinatesError)
        };
        Ok(Self { latitude_e6: e6(latitude, 90.0)?, longitude_e6: e6(longitude, 180.0)? })
    }

    /// The point at these millionths of degrees.
    pub(crate) fn from_e6(latitude: i64, longitude: i64) -> Result<Self, CoordinatesError> {
        let e6 = |degrees: i64, max: i32| {
            let degrees = i32::try_from(degrees).ok().filter(|degrees| degrees.abs() <= max);
            degrees.ok_or(CoordinatesError)
        };
        let (latitude_e6, longitude_e6) = (e6(latitude, 90_000_000)?, e6(longitude, 180_000_000)?);
        Ok(Self { latitude_e6, longitude_e6 })
    }

    /// How far north, in degrees.
    pub fn latitude(self) -> f64 {
        f64::from(self.latitude_e6) / 1e6
    }

    /// How far east, in degrees.
    pub fn longitude(self) -> f64 {
        f64::from(self.longitude_e6) / 1e6
    }

    /// The same in millionths.
    pub(crate) fn e6(self) -> (i64, i64) {
        (self.latitude_e6.into(), self.longitude_e6.into())
    }
}

/// ISO 3166-1, as in the list of the IANA time zone database.
const COUNTRIES: &str = "
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE
    BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD
    CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM
    DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF
    GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU
    ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN
    KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME
    MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA
    NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM
    PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI
    SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK
    TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI
    VN VU WF WS YE YT ZA ZM ZW";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_has_a_code_and_a_zone_has_a_name() {
        for right in ["DE", "VN", "US", "ZW", "AD"] {
            assert_eq!(right.parse::<Country>().unwrap().to_string(), right);
        }
        for wrong in ["", "de", "XX", "DEU", "D", "AD AE", "EU"] {
            assert_eq!(wrong.parse::<Country>(), Err(CountryError), "{wrong}");
        }
        let zone = |text: &str| text.parse::<Zone>().map(|zone| zone.to_string());
        assert_eq!(zone("Europe/Berlin").as_deref(), Ok("Europe/Berlin"));
        assert_eq!(zone("asia/ho_chi_minh").as_deref(), Ok("Asia/Ho_Chi_Minh"));
        for wrong in ["", "Europe", "CEST", "+02:00", "../../etc/passwd", "Mars/Olympus_Mons"] {
            assert_eq!(zone(wrong), Err(ZoneError), "{wrong}");
        }
    }

    #[test]
    fn a_zone_has_a_name_that_everybody_knows() {
        assert_eq!("europe/berlin".parse::<Zone>().unwrap().name(), "Europe/Berlin");
        for wrong in ["", "Europe/Atlantis", "+02:00", "CET-1CEST", "Etc/Unknown", "../etc/passwd"]
        {
            assert!(wrong.parse::<Zone>().is_err(), "{wrong}");
        }
        assert_eq!("utc".parse(), Ok(Zone::utc()));
    }

    /// An event without a zone of its own has its venue's, by the name that is kept.
    #[test]
    fn a_zone_that_a_venue_may_have_is_one_that_an_event_may_have() {
        for name in TimeZoneDatabase::bundled().available() {
            let venues: Zone = name.as_str().parse().unwrap();
            assert_eq!(venues.to_string().parse(), Ok(venues), "{name}");
        }
    }

    #[test]
    fn coordinates_are_on_the_globe_and_come_back_as_they_were() {
        let berlin = Coordinates::from_degrees(52.520_008, 13.404_954).unwrap();
        assert_eq!((berlin.latitude(), berlin.longitude()), (52.520_008, 13.404_954));
        let (latitude, longitude) = berlin.e6();
        assert_eq!(Coordinates::from_e6(latitude, longitude), Ok(berlin));
        for (latitude, longitude) in
            [(90.1, 0.0), (0.0, -180.1), (f64::NAN, 0.0), (0.0, f64::INFINITY)]
        {
            assert_eq!(Coordinates::from_degrees(latitude, longitude), Err(CoordinatesError));
        }
        assert_eq!(Coordinates::from_e6(i64::MAX, 0), Err(CoordinatesError));
    }
}
