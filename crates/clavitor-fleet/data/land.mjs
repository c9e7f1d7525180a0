#!/usr/bin/env node
// Makes land.path from land-110m.json of the npm package world-atlas 2.0.2: `npm pack world-atlas@2.0.2`, unpack, then
// `node land.mjs package/land-110m.json > land.path`. The projection is the one of src/geography/projection.rs, whose test holds the two together.

import { readFileSync } from 'node:fs';

const WIDTH = 2000;
const X_MAX = Math.PI * 0.8707;
const NORTH = 84;
const SOUTH = -57;
/** Islands whose outline is smaller than this in both directions are not drawn. */
const SPECK = 3;

const y = (latitude) => {
  const p = (latitude * Math.PI) / 180;
  return p * (1.007226 + p ** 2 * 0.015085 + p ** 6 * (-0.044475 + 0.028874 * p ** 2 - 0.005916 * p ** 4));
};
const x = (longitude, latitude) => {
  const [l, p] = [(longitude * Math.PI) / 180, (latitude * Math.PI) / 180];
  return l * (0.8707 - 0.131979 * p ** 2 + p ** 4 * (-0.013791 + p ** 6 * (0.003971 - 0.001529 * p ** 2)));
};
const scale = WIDTH / (2 * X_MAX);
const project = ([longitude, latitude]) => [Math.round(WIDTH / 2 + x(longitude, latitude) * scale), Math.round((y(NORTH) - y(latitude)) * scale)];

const topology = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { scale: step, translate } = topology.transform;
const arcs = topology.arcs.map((arc) => {
  let [longitude, latitude] = [0, 0];
  return arc.map(([east, north]) => {
    longitude += east;
    latitude += north;
    return [longitude * step[0] + translate[0], latitude * step[1] + translate[1]];
  });
});
/** A ring is a list of arcs that share their ends; a negative number is the arc read backwards. */
const ring = (indices) => indices.flatMap((index, at) => (index < 0 ? arcs[~index].toReversed() : arcs[index]).slice(at ? 1 : 0));

/** Longitudes without the jump at the date line, so that an outline that crosses it stays one. */
const unwrapped = (points) => {
  let turns = 0;
  return points.map(([longitude, latitude], at) => {
    const step = at ? longitude - points[at - 1][0] : 0;
    turns += step > 180 ? -360 : step < -180 ? 360 : 0;
    return [longitude + turns, latitude];
  });
};
/** The part of an outline on one side of a meridian (Sutherland and Hodgman). */
const clip = (points, meridian, side) => {
  const inside = ([longitude]) => (longitude - meridian) * side <= 0;
  return points.flatMap((to, at) => {
    const from = points.at(at - 1);
    const part = (meridian - from[0]) / (to[0] - from[0]);
    const edge = inside(from) === inside(to) ? [] : [[meridian, from[1] + part * (to[1] - from[1])]];
    return inside(to) ? [...edge, to] : edge;
  });
};
/** Each outline on the map, and what of it comes in again at the other edge. */
const onMap = (points) => [-360, 0, 360].map((turn) => clip(clip(points.map(([longitude, latitude]) => [longitude + turn, latitude]), 180, 1), -180, -1));

const rings = topology.objects.land.geometries.flatMap((geometry) => geometry.arcs.flat()).map(ring);
const seen = rings.filter((points) => points.some(([, latitude]) => latitude > SOUTH)).map(unwrapped);
const drawn = seen.flatMap(onMap).filter((points) => points.length > 2).map((points) => points.map(project));
const paths = drawn.flatMap((points) => {
  const span = (axis) => Math.max(...points.map((point) => point[axis])) - Math.min(...points.map((point) => point[axis]));
  if (span(0) < SPECK && span(1) < SPECK) return [];
  let [fromX, fromY] = points[0];
  const lines = points.slice(1).flatMap(([toX, toY]) => {
    const [dx, dy] = [toX - fromX, toY - fromY];
    [fromX, fromY] = [toX, toY];
    return dx || dy ? [`${dx}${dy < 0 ? '' : ' '}${dy}`] : [];
  });
  return [`M${points[0].join(' ')}l${lines.join(' ')}z`];
});
process.stderr.write(`height ${Math.ceil((y(NORTH) - y(SOUTH)) * scale)}, ${paths.length} outlines\n`);
process.stdout.write(`${paths.join('\n')}\n`);
