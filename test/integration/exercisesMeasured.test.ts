import { describe, expect, it } from 'vitest';
import { checkExercise, exercisesThat } from './exercises.cases';

/** Every exercise whose checks want the machine for themselves: one after the other. */

const exercises = await exercisesThat('measure');

it('there are exercises', () => expect(exercises.length).toBeGreaterThan(0));

describe.each(exercises)('$lab.id / $exercise.id', checkExercise);
